"""One tile: from the cache or the server, checked, and placed on the earth."""
