"""Where to build and does it pay: siting, investment, indices, demand forecast."""
