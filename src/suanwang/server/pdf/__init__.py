"""Documents as PDF, in both languages on the same pages; the same document gives the same bytes.

pen      text in Latin and Chinese type, measured and wrapped
sheet    A4 pages: boxes, tables with sums carried from page to page, attachments
invoice  an invoice's JSON as pages, with the JSON itself attached
"""
