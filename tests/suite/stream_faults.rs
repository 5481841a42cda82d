//! Streams of servers and proxies that misbehave: each end has the status, and the cause, that it deserves.
