"""Official nomenclatures and reference concepts: HS, CPV, NAF, sectors, countries, languages."""
