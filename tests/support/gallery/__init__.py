"""The gallery: small look-alikes of public loan files, each with what a careful person would say of its columns."""
