"""Opening a run: what was asked for, which days it means, and what is tidied up before and after."""
