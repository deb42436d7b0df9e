"""The sheet for the counter's paper file: a day or a month of the journal on A4, in Japanese."""
