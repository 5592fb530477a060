"""Code generated from the records, so that a start need not trace them."""
