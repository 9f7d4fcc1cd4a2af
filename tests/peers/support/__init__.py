"""What the peer tests share: a repository made by python-tuf, servers, and the clients that are compared."""
