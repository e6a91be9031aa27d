from . import renovation_documents
