# Varnish in front of Triton's HTTP port. Without gRPC, which needs HTTP/2 to the backends.
# Lines that end with #T differ from the defaults; `with-proxy.sh varnish --defaults` removes them.
vcl 4.1;
backend http { .host = "127.0.0.1"; .port = "@HTTP@"; }
backend metrics { .host = "127.0.0.1"; .port = "@METRICS@"; }
sub vcl_recv {
    if (req.url == "/metrics") { set req.backend_hint = metrics; } else { set req.backend_hint = http; }
    return (pass); #T by default responses to GET, health checks included, are cached for 120 s
}
