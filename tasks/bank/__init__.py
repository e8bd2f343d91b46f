"""The bank's numbers: PSI, KS, Gini, score bands, capture, swap set, profit, attribution. Information, no verdicts."""
