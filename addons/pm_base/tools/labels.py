def selection_label(record, name):
    """Return the translated label of a selection field's value; empty where there is none."""
    return dict(record._fields[name]._description_selection(record.env)).get(record[name], "")
