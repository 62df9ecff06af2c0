"""The answer to the authority as an official letter (công văn) laid out by Decree 30/2020/NĐ-CP, Appendix I: DOCX and PDF.

It states figures and the reported rows, and numbers the machines; it names no person and no inside address.
"""
