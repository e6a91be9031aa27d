# billing

# cashier
