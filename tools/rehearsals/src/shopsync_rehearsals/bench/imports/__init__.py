"""One large shop is imported; time and memory are judged."""
