"""Merchants at the console: how long they wait for a page, alone and together with others."""
