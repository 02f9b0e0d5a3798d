"""What is for sale at what price: products, clearing, order book, index."""
