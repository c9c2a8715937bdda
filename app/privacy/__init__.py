"""One person's data out: a candidate takes a whole portfolio along, or brings one in.

An export is one ZIP that opens offline and holds everything a candidate may see, with a checksum
for each part. Another installation takes it in: the content becomes a working portfolio again, and
what was sealed or decided elsewhere is kept beside it as a record.
"""
