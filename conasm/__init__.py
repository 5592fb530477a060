"""conAsm: the language that declares which functions cross the border, and codes belt guests."""
