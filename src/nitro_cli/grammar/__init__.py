"""What a user may write on the command line: names, fields, types.

Standard library only, and pure: text goes in, frozen specifications or problems come out.
"""
