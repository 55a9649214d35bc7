"""One shop's edits while another shop's import stands in the topics: how long they take."""
