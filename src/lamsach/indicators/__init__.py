"""Lists in, indicators out: `lists` opens `files`, chooses among `formats`, and yields judged values.

`text`, `tables` and `values` find values, `judge` judges them. `servers` fetches lists, `review` and
`releases` decide what is released, `writers` writes it for devices.
"""
