/**
 * What the simulated laboratory has: devices, tests with units and reference ranges, and test patients. Addresses are
 * from 192.0.2.0/24, which belongs to nobody (RFC 5737); no patient exists, and every name says so.
 * May import: nothing.
 */

/** How a character set is called in MSH-18 (HL7 table 0211), and how its bytes are made. */
export interface CharacterSet {
  name: '' | 'UNICODE UTF-8' | '8859/1';
  encoding: 'utf8' | 'latin1';
}
const utf8: CharacterSet = { name: 'UNICODE UTF-8', encoding: 'utf8' };
const latin1: CharacterSet = { name: '8859/1', encoding: 'latin1' };
const unnamed: CharacterSet = { name: '', encoding: 'utf8' };

export interface Device {
  /** MSH-3. */
  label: string;
  address: string;
  /** MLLP: a session is one message and its acknowledgement; LIS: a session may hold many messages. */
  framing: 'mllp' | 'lis';
  characterSet: CharacterSet;
  version: '2.3.1' | '2.5.1';
}

export const lisAddress = '192.0.2.200';

export const chemistryDevices: readonly Device[] = [
  { label: 'CHEM-1', address: '192.0.2.11', framing: 'lis', characterSet: utf8, version: '2.5.1' },
  { label: 'CHEM-2', address: '192.0.2.12', framing: 'lis', characterSet: latin1, version: '2.3.1' },
];
export const haematologyDevices: readonly Device[] = [
  { label: 'HEMA-1', address: '192.0.2.21', framing: 'lis', characterSet: utf8, version: '2.5.1' },
  { label: 'HEMA-2', address: '192.0.2.22', framing: 'mllp', characterSet: unnamed, version: '2.5.1' },
];
/** Scans slides, and embeds the picture. */
export const imagingDevice: Device = {
  label: 'SLIDE-1',
  address: '192.0.2.31',
  framing: 'mllp',
  characterSet: utf8,
  version: '2.5.1',
};
/** Beside the patient: orders what it measures, and reports changed demographics. */
export const pointOfCareDevices: readonly Device[] = [
  { label: 'POC-ICU-1', address: '192.0.2.41', framing: 'mllp', characterSet: utf8, version: '2.5.1' },
  { label: 'POC-ER-2', address: '192.0.2.42', framing: 'mllp', characterSet: latin1, version: '2.3.1' },
];

export interface LabTest {
  /** LOINC code. */
  code: string;
  name: string;
  /** UCUM unit. */
  unit: string;
  low: number;
  high: number;
  decimals: number;
}
const labTest = (code: string, name: string, unit: string, low: number, high: number, decimals: number): LabTest => ({
  code,
  name,
  unit,
  low,
  high,
  decimals,
});

export const chemistryTests: readonly LabTest[] = [
  labTest('2345-7', 'Glucose', 'mg/dL', 70, 99, 0),
  labTest('2160-0', 'Creatinine', 'mg/dL', 0.6, 1.2, 2),
  labTest('3094-0', 'Urea nitrogen', 'mg/dL', 7, 20, 0),
  labTest('2951-2', 'Sodium', 'mmol/L', 136, 145, 0),
  labTest('2823-3', 'Potassium', 'mmol/L', 3.5, 5.1, 1),
  labTest('2075-0', 'Chloride', 'mmol/L', 98, 107, 0),
  labTest('17861-6', 'Calcium', 'mg/dL', 8.6, 10.3, 1),
  labTest('1742-6', 'ALT', 'U/L', 7, 56, 0),
  labTest('1920-8', 'AST', 'U/L', 10, 40, 0),
  labTest('1975-2', 'Bilirubin total', 'mg/dL', 0.1, 1.2, 1),
  labTest('1988-5', 'C reactive protein', 'mg/L', 0, 5, 1),
  labTest('2093-3', 'Cholesterol', 'mg/dL', 125, 200, 0),
];
export const haematologyTests: readonly LabTest[] = [
  labTest('6690-2', 'Leukocytes', '10*3/uL', 4.5, 11, 2),
  labTest('789-8', 'Erythrocytes', '10*6/uL', 4.2, 5.9, 2),
  labTest('718-7', 'Hemoglobin', 'g/dL', 12, 17.5, 1),
  labTest('4544-3', 'Hematocrit', '%', 36, 50, 1),
  labTest('787-2', 'MCV', 'fL', 80, 100, 1),
  labTest('785-6', 'MCH', 'pg', 27, 33, 1),
  labTest('777-3', 'Platelets', '10*3/uL', 150, 450, 0),
  labTest('770-8', 'Neutrophils', '%', 40, 70, 1),
  labTest('736-9', 'Lymphocytes', '%', 20, 45, 1),
];

/** Family and given name (PID-5) before the number that follows; `utf8` ones cannot be written in ISO 8859-1. */
export const patientNames: Record<CharacterSet['encoding'], readonly (readonly [string, string])[]> = {
  latin1: [
    ['TEST', 'PATIENT'],
    ['TEST-MÜLLER', 'RENÉ'],
    ['PRÜFUNG', 'ÅSA'],
    ['TESTE', 'CONCEIÇÃO'],
    ['PRUEBA', 'ÍÑIGO'],
  ],
  utf8: [
    ['TEST', 'PATIENT'],
    ['TESTOVÁ', 'ŘEHOŘKA'],
    ['ТЕСТ', 'ПАЦИЕНТ'],
    ['試験', '患者'],
    ['ΔΟΚΙΜΗ', 'ΑΣΘΕΝΗΣ'],
  ],
};

/** NTE-3. */
export const comments: readonly string[] = [
  'Sample slightly haemolysed.',
  'Result verified by rerun.',
  'Dilution 1:5 applied.',
  'Reagent lot changed before this run; controls within range.',
  'Lipaemic index high, result may be affected.',
];
