# Varnish before Triton's HTTP port; it has no HTTP/2 to its backends, so no gRPC.
# A line that ends in #T is no default; `with-proxy.sh varnish --defaults` leaves it out.
vcl 4.1;
backend http { .host = "127.0.0.1"; .port = "@HTTP@"; }
backend metrics { .host = "127.0.0.1"; .port = "@METRICS@"; }
sub vcl_recv {
    if (req.url == "/metrics") { set req.backend_hint = metrics; } else { set req.backend_hint = http; }
    return (pass); #T by default the response to a GET, a health check too, is kept for 120 s
}
