//! What is read from AWS.
