"""What was entered in a product's form, what is wrong with it, and what of it is new. Pure."""
