"""What the command lines share: options, the terminal, and running a flow in this process."""
