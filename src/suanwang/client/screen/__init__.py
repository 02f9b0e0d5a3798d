"""What people see in a terminal: tables and figures, drawn from resources."""
