"""Official documents by Decree 30/2020/NĐ-CP, and the campaign's reporting form: data in; DOCX, PDF, XLSX,
HTML and JSON out. Knows no web site.
"""
