"""Program 3, beside a centre's cluster: staging, worker, meter, backends."""
