"""What travels between TikTok Shop and a client: codes, envelope, request bodies, signatures."""
