"""The record of the diagnosis: labelled scenarios, sick and healthy, trained and held against what the rules say."""
