"""Where to build and does it pay: siting, investment, indices, demand forecast.

Empty until its issue. It will stand on the grid's own prices and the catalogue in `grid`.
"""
