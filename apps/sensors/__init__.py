"""The sensors' functions: files become readings, readings become sums, and both are asked for.

They run as AWS Lambda with what its Python has anyway (boto3 is the only import from outside), so that the archive that
is deployed is these files and nothing else.
"""
