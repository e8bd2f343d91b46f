"""Data quality: is the window fit for use?"""
