"""From a Kafka batch to handled state: decode, handle, dead letters, commit, in this order and by hand."""
