"""Numbers in, numbers out: what scores show about the rate behind them."""
