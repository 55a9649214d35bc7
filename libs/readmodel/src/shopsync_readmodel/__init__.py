"""What people ask of the catalogue and of the services' other collections. Reads MongoDB, writes nothing.

The functions return dataclasses; printing them is the caller's work.
"""
