"""What can be done to products: create, edit, review, activate, delete, stock, prices, search."""
