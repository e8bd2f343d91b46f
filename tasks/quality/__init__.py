"""May this window be used at all?"""
