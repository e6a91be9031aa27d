def selection_labels(records, name):
    """Return ``{value: translated label}`` of a selection field, in the language of the records."""
    return dict(records._fields[name]._description_selection(records.env))


def selection_label(record, name):
    """Return the translated label of a selection field's value; empty where there is none."""
    return selection_labels(record, name).get(record[name], "")
