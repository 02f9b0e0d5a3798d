"""What exists and where work should go: hubs, zones, links, chips, energy, carbon, placement."""
