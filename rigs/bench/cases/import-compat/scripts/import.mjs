import '@sockeye/compat-python';
