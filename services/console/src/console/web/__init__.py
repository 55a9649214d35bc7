"""What is around every screen: sessions, forms, headers, pages."""
