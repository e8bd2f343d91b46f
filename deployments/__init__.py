"""What brings loanwatch onto a Prefect server."""
