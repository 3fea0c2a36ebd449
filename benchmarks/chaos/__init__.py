"""Disturbances of every kind: does a run end with the same table, is it told what happened, is anything lost?"""
