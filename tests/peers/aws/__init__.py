"""What is read from AWS, against a stub that botocore's service models keep honest."""
