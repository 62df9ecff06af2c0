"""Official documents by Decree 30/2020/NĐ-CP and the reporting form: DOCX, PDF, XLSX, HTML, JSON."""
