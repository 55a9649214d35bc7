"""What the server remembers: shops, products, uploads, and the clock."""
