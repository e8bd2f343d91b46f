"""Our own tables, schema `loanwatch`: their migrations, every query of them, and every lock."""
