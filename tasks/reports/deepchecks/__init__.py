"""The three deepchecks pages: loanwatch's findings first, the previous system's checks beside them as information.

deepchecks is optional, and only a process of its own imports it: `draw` starts that process, `content` is what it is
handed, and `__main__` is what it runs.
"""
