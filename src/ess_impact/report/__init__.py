"""What leaves: sentences, charts, the HTML book, the council PDF, the anomaly workbooks."""
