"""What the server does by itself: quote, clear, place, bill, settle, publish, deliver."""
